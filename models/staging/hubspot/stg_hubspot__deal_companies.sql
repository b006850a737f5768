with

source as (

    select * from {{ newest(
        'hubspot', 'deal_companies',
        key=['deal_id'],
        several=true
    ) }}

),

renamed as (

    select
        deal_id,
        company_id,
        deleted_at,
        _exported_at as exported_at

    from source

)

select * from renamed
