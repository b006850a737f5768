with

source as (

    select * from {{ newest(
        'generic', 'targets',
        key=['metric', 'month', 'period_months', 'channel', 'sales_rep_id', 'valid_from']
    ) }}

),

renamed as (

    select
        sales_rep_id,
        metric,
        channel,
        owner,
        period_months,
        target,
        month,
        valid_from,
        deleted_at,
        _exported_at as exported_at

    from source

)

select * from renamed
