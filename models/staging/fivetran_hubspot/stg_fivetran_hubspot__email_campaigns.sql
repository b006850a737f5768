with

source as (

    select * from {{ newest(
        'fivetran_hubspot', 'email_campaigns',
        key=['campaign_id']
    ) }}

),

renamed as (

    select
        campaign_id,
        campaign_name,
        campaign_type,
        app_name,
        synced_at,
        deleted_at,
        _exported_at as exported_at

    from source

)

select * from renamed
