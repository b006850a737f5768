with

source as (

    select * from {{ newest(
        'stripe', 'api_credit_notes',
        key=['credit_note_id']
    ) }}

),

renamed as (

    select
        credit_note_id,
        invoice_id,
        customer_id,
        currency_code,
        status,
        total_minor,
        total_excluding_tax_minor,
        discount_amount_minor,
        created_at,
        deleted_at,
        _exported_at as exported_at

    from source

)

select * from renamed
