with

source as (

    select * from {{ newest(
        'salesforce', 'currency_types',
        key=['currency_code']
    ) }}

),

renamed as (

    select
        currency_code,
        rate,
        is_corporate,
        is_active,
        deleted_at,
        _exported_at as exported_at

    from source

)

select * from renamed
