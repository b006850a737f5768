with

source as (

    select * from {{ newest('salesforce', 'accounts', key=['account_id']) }}

),

renamed as (

    select
        account_id,
        parent_account_id,
        owner_id,
        master_record_id,
        account_name,
        account_type,
        industry,
        country,
        domain,
        employees,
        coalesce(is_deleted, false) as is_deleted,
        created_at,
        deleted_at,
        _exported_at as exported_at

    from source

)

select * from renamed
