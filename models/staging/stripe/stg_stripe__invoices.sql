with

source as (

    select * from {{ newest(
        'stripe', 'invoices',
        key=['invoice_id']
    ) }}

),

renamed as (

    select
        invoice_id,
        customer_id,
        subscription_id,
        invoice_number,
        email_key,
        email_domain,
        currency_code,
        status,
        subtotal,
        tax,
        total,
        amount_due,
        amount_paid,
        invoiced_at,
        deleted_at,
        _exported_at as exported_at

    from source

)

select * from renamed
