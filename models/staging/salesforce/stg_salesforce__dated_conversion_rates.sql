with

source as (

    select * from {{ newest(
        'salesforce', 'dated_conversion_rates',
        key=['currency_code', 'valid_from']
    ) }}

),

renamed as (

    select
        currency_code,
        rate,
        valid_from,
        valid_to,
        deleted_at,
        _exported_at as exported_at

    from source

)

select * from renamed
