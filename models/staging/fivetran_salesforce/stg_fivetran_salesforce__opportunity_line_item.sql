with

source as (

    select * from {{ newest(
        'fivetran_salesforce', 'opportunity_line_item',
        key=['opportunity_line_item_id', 'version_started_at']
    ) }}

),

renamed as (

    select
        opportunity_line_item_id,
        opportunity_id,
        product_id,
        product_code,
        product_name,
        currency_code,
        quantity,
        list_price,
        unit_price,
        amount,
        coalesce(is_deleted, false) or coalesce(is_connector_deleted, false) as is_deleted,
        coalesce(is_active_version, true) as is_active_version,
        service_date,
        created_at,
        version_started_at,
        version_ended_at,
        _exported_at as exported_at

    from source

)

select * from renamed
