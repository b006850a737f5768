with

source as (

    select * from {{ newest(
        'fivetran_hubspot', 'deal_merges',
        key=['deal_id', 'merged_deal_id'],
        several=true
    ) }}

),

renamed as (

    select
        deal_id,
        merged_deal_id,
        deleted_at,
        _exported_at as exported_at

    from source

)

select * from renamed
