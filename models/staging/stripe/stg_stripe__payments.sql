with

source as (

    select * from {{ newest(
        'stripe', 'payments',
        key=['payment_id']
    ) }}

),

renamed as (

    select
        payment_id,
        customer_id,
        invoice_id,
        email_key,
        email_domain,
        currency_code,
        status,
        amount,
        amount_refunded,
        is_captured,
        created_at,
        refunded_at,
        deleted_at,
        _exported_at as exported_at

    from source

)

select * from renamed
