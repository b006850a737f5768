with

source as (

    select * from {{ newest(
        'fivetran_salesforce', 'product_2',
        key=['product_id', 'version_started_at']
    ) }}

),

renamed as (

    select
        product_id,
        product_name,
        product_code,
        family,
        is_active,
        coalesce(is_deleted, false) or coalesce(is_connector_deleted, false) as is_deleted,
        coalesce(is_active_version, true) as is_active_version,
        created_at,
        version_started_at,
        version_ended_at,
        _exported_at as exported_at

    from source

)

select * from renamed
