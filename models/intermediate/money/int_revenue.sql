{{ config(materialized='table') }}

-- One row per invoiced or ordered line, credit notes negative, in the reporting currency.
with

orders as (

    select * from {{ ref('stg_generic__orders') }}

),

accounts as (

    select * from {{ ref('int_accounts') }}

),

person_records as (

    select * from {{ ref('int_person_records') }}

),

persons as (

    select * from {{ ref('int_persons') }}

),

exchange_rates as (

    select * from {{ ref('int_exchange_rates') }}

),

settings as (

    select * from {{ ref('stg_plumbline__settings') }}

),

persons_by_email as (

    select
        person_records.email_key,
        min(persons.account_id) as account_id

    from person_records

    inner join persons
        on person_records.person_id = persons.person_id

    where person_records.email_key is not null

    group by person_records.email_key

),

-- A customer number of billing is one customer, whichever of its lines names a buyer that is known.
accounts_by_number as (

    select
        orders.source_system,
        orders.account_id as customer_number,
        min(persons_by_email.account_id) as account_id

    from orders

    inner join persons_by_email
        on orders.email_key = persons_by_email.email_key

    where orders.account_id is not null

    group by orders.source_system, orders.account_id

),

-- A credit note linked to its order takes that order's rate (glossary 0.6).
order_dates as (

    select
        source_system,
        order_id,
        min(order_date) as order_date

    from orders

    group by source_system, order_id

),

signed as (

    select
        orders.source_system || ':' || orders.order_id as order_id,
        orders.line_id,
        -- The account that a system of record knows, else that of the buyer, else the one named, else the
        -- buyer alone.
        coalesce(
            accounts.account_id,
            accounts_by_number.account_id,
            orders.source_system || ':' || orders.account_id,
            persons_by_email.account_id,
            'buyer:' || orders.email_key,
            'unattributed'
        ) as account_id,
        orders.product,
        lower(coalesce(orders.kind, 'order')) as kind,
        coalesce(orders.currency_code, settings.reporting_currency) as currency_code,
        case when lower(orders.kind) = 'credit_note' then -abs(orders.quantity) else orders.quantity end as quantity,
        case when lower(orders.kind) = 'credit_note' then -abs(orders.revenue) else orders.revenue end
            as revenue_original,
        case when lower(orders.kind) = 'credit_note' then -abs(orders.cogs) else orders.cogs end as cogs_original,
        case
            when lower(orders.kind) = 'credit_note' then -abs(orders.list_amount) else orders.list_amount
        end as list_amount_original,
        coalesce(order_dates.order_date, orders.order_date) as fx_date,
        orders.order_date as date_day

    from orders

    cross join settings

    left join accounts
        on orders.source_system || ':' || orders.account_id = accounts.account_id

    left join accounts_by_number
        on
            orders.source_system = accounts_by_number.source_system
            and orders.account_id = accounts_by_number.customer_number

    left join persons_by_email
        on orders.email_key = persons_by_email.email_key

    left join order_dates
        on
            orders.source_system = order_dates.source_system
            and orders.original_order_id = order_dates.order_id

),

valued as (

    select
        signed.order_id,
        signed.line_id,
        signed.account_id,
        signed.product,
        signed.kind,
        signed.currency_code,
        signed.quantity,
        signed.revenue_original,
        exchange_rates.rate as fx_rate,
        {{ money('signed.revenue_original * exchange_rates.rate') }} as revenue,
        {{ money('signed.cogs_original * exchange_rates.rate') }} as cogs,
        {{ money('signed.list_amount_original * exchange_rates.rate') }} as list_amount,
        signed.date_day

    from signed

    left join exchange_rates
        on
            signed.currency_code = exchange_rates.currency_code
            and {{ in_force('exchange_rates', 'signed.fx_date') }}

)

select * from valued
