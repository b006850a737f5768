with

source as (

    select * from {{ newest_window('generic', 'costs', date='month', scope=['cost_type']) }}

),

renamed as (

    select
        channel,
        campaign,
        cost_type,
        currency_code,
        amount,
        month,
        deleted_at,
        _exported_at as exported_at

    from source

)

select * from renamed
