with

source as (

    select * from {{ newest('salesforce', 'campaigns', key=['campaign_id']) }}

),

renamed as (

    select
        campaign_id,
        campaign_name,
        campaign_type,
        status,
        actual_cost,
        coalesce(is_deleted, false) as is_deleted,
        start_date,
        end_date,
        deleted_at,
        _exported_at as exported_at

    from source

)

select * from renamed
