with

source as (

    select * from {{ newest(
        'stripe', 'api_invoices',
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
        tax_minor,
        total_minor,
        amount_due_minor,
        amount_paid_minor,
        invoiced_at,
        deleted_at,
        _exported_at as exported_at

    from source

)

select * from renamed
