with

source as (

    select * from {{ newest(
        'fivetran_hubspot', 'companies',
        key=['company_id', 'version_started_at']
    ) }}

),

renamed as (

    select
        company_id,
        parent_company_id,
        salesforce_account_id,
        company_name,
        domain,
        industry,
        country,
        company_type,
        lifecycle_stage,
        company_owner,
        is_deleted,
        is_current,
        created_at,
        version_started_at,
        synced_at,
        deleted_at,
        _exported_at as exported_at

    from source

)

select * from renamed
