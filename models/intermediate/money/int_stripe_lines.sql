-- One row per Stripe invoice, credit note, refund and single sale, net of tax as far as Stripe knows it.
with

dashboard_invoices as (

    select * from {{ ref('stg_stripe__invoices') }}

),

api_invoices as (

    select * from {{ ref('stg_stripe__api_invoices') }}

),

api_credit_notes as (

    select * from {{ ref('stg_stripe__api_credit_notes') }}

),

all_payments as (

    select * from {{ ref('stg_stripe__payments') }}

),

customers as (

    select * from {{ ref('stg_stripe__customers') }}

),

subscriptions as (

    select * from {{ ref('int_stripe_subscriptions') }}

),

settings as (

    select * from {{ ref('stg_plumbline__settings') }}

),

unioned_invoices as (

    select
        invoice_id,
        customer_id,
        subscription_id,
        email_key,
        email_domain,
        currency_code,
        lower(status) as status,
        coalesce(tax, 0) as tax,
        total,
        invoiced_at,
        exported_at

    from dashboard_invoices

    where deleted_at is null

    union all

    select
        invoice_id,
        customer_id,
        subscription_id,
        email_key,
        email_domain,
        currency_code,
        lower(status),
        coalesce({{ from_minor_units('tax_minor', 'currency_code') }}, 0),
        {{ from_minor_units('total_minor', 'currency_code') }},
        invoiced_at,
        exported_at

    from api_invoices

    where deleted_at is null

),

newest_invoices as (

    select * from unioned_invoices

    qualify row_number() over (
        partition by invoice_id
        order by exported_at desc, email_key asc nulls last
    ) = 1

),

-- A draft is no invoice yet, and a void one never was.
invoices as (

    select * from newest_invoices
    where coalesce(status, '') not in ('draft', 'void', 'deleted')

),

credit_notes as (

    select * from api_credit_notes
    where deleted_at is null and coalesce(lower(status), '') != 'void'

),

credited_invoices as (

    select distinct invoice_id from credit_notes

),

-- Failed and uncaptured payments moved no money.
payments as (

    select * from all_payments
    where
        deleted_at is null
        and coalesce(is_captured, true)
        and lower(status) in (
            'paid', 'succeeded', 'refunded', 'partially refunded', 'partially_refunded', 'partial refund', 'disputed'
        )

),

invoiced as (

    select
        invoices.invoice_id as order_id,
        cast(null as varchar) as original_order_id,
        invoices.customer_id,
        invoices.email_key,
        invoices.email_domain,
        subscriptions.product,
        'invoice' as kind,
        invoices.currency_code,
        subscriptions.quantity,
        invoices.total - invoices.tax as revenue,
        invoices.invoiced_at as happened_at

    from invoices

    left join subscriptions
        on invoices.subscription_id = subscriptions.subscription_id

),

-- What is credited or paid back has its tax in it: net of tax it is the same share of the invoice.
credited as (

    select
        credit_notes.credit_note_id as order_id,
        credit_notes.invoice_id as original_order_id,
        coalesce(credit_notes.customer_id, invoices.customer_id) as customer_id,
        invoices.email_key,
        invoices.email_domain,
        subscriptions.product,
        'credit_note' as kind,
        credit_notes.currency_code,
        cast(null as decimal(18, 4)) as quantity,
        -coalesce(
            {{ from_minor_units('credit_notes.total_excluding_tax_minor', 'credit_notes.currency_code') }},
            case
                when invoices.total > 0
                    then {{ money_divided(
                        'cast(' ~ from_minor_units('credit_notes.total_minor', 'credit_notes.currency_code')
                        ~ ' * cast((invoices.total - invoices.tax) * 100 as bigint) as decimal(28, 2))',
                        'cast(invoices.total * 100 as bigint)'
                    ) }}
            end,
            {{ from_minor_units('credit_notes.total_minor', 'credit_notes.currency_code') }}
        ) as revenue,
        credit_notes.created_at as happened_at

    from credit_notes

    left join invoices
        on credit_notes.invoice_id = invoices.invoice_id

    left join subscriptions
        on invoices.subscription_id = subscriptions.subscription_id

    -- A credit note of an invoice that does not count takes nothing back.
    left join newest_invoices
        on credit_notes.invoice_id = newest_invoices.invoice_id

    where invoices.invoice_id is not null or newest_invoices.invoice_id is null

),

-- A payment whose invoice is known is money for it, no revenue of its own.
sold as (

    select
        payments.payment_id as order_id,
        cast(null as varchar) as original_order_id,
        payments.customer_id,
        payments.email_key,
        payments.email_domain,
        cast(null as varchar) as product,
        'order' as kind,
        payments.currency_code,
        cast(null as decimal(18, 4)) as quantity,
        payments.amount as revenue,
        payments.created_at as happened_at

    from payments

    left join newest_invoices
        on payments.invoice_id = newest_invoices.invoice_id

    where newest_invoices.invoice_id is null

),

paid_back as (

    select
        payments.payment_id || ':refund' as order_id,
        coalesce(newest_invoices.invoice_id, payments.payment_id) as original_order_id,
        payments.customer_id,
        payments.email_key,
        payments.email_domain,
        subscriptions.product,
        'credit_note' as kind,
        payments.currency_code,
        cast(null as decimal(18, 4)) as quantity,
        -case
            when invoices.total > 0
                then {{ money_divided(
                    'cast(payments.amount_refunded * cast((invoices.total - invoices.tax) * 100 as bigint)'
                    ~ ' as decimal(28, 2))',
                    'cast(invoices.total * 100 as bigint)'
                ) }}
            else payments.amount_refunded
        end as revenue,
        coalesce(payments.refunded_at, payments.created_at) as happened_at

    from payments

    left join newest_invoices
        on payments.invoice_id = newest_invoices.invoice_id

    left join invoices
        on payments.invoice_id = invoices.invoice_id

    left join credited_invoices
        on payments.invoice_id = credited_invoices.invoice_id

    left join subscriptions
        on invoices.subscription_id = subscriptions.subscription_id

    where
        payments.amount_refunded > 0
        and credited_invoices.invoice_id is null
        and (newest_invoices.invoice_id is null or invoices.invoice_id is not null)

),

unioned as (

    select * from invoiced

    union all

    select * from credited

    union all

    select * from sold

    union all

    select * from paid_back

),

final as (

    select
        unioned.order_id,
        unioned.original_order_id,
        unioned.customer_id,
        coalesce(unioned.email_key, customers.email_key) as email_key,
        coalesce(unioned.email_domain, customers.email_domain) as email_domain,
        unioned.product,
        unioned.kind,
        upper(unioned.currency_code) as currency_code,
        unioned.quantity,
        unioned.revenue,
        {{ local_date('unioned.happened_at', 'settings.reporting_timezone') }} as order_date

    from unioned

    cross join settings

    left join customers
        on unioned.customer_id = customers.customer_id

)

select * from final
