with

source as (

    select * from {{ newest(
        'fivetran_hubspot', 'engagement_deals',
        key=['engagement_id', 'deal_id'],
        several=true
    ) }}

),

renamed as (

    select
        engagement_id,
        deal_id,
        deleted_at,
        _exported_at as exported_at

    from source

)

select * from renamed
