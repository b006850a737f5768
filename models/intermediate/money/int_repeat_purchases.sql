-- One row per customer who ever bought: their first day of buying, and whether another came in time. Orders of
-- one day are one purchase; what was paid back in whole is none (glossary C16).
with

revenue as (

    select * from {{ ref('int_revenue') }}

),

settings as (

    select * from {{ ref('stg_plumbline__settings') }}

),

orders as (

    select
        account_id,
        order_id,
        sum(revenue_original) as charged,
        min(case when revenue_original > 0 then date_day end) as order_date

    from revenue

    where kind != 'credit_note' and account_id != 'unattributed'

    group by account_id, order_id

),

credits as (

    select
        original_order_id,
        sum(revenue_original) as credited

    from revenue

    where kind = 'credit_note' and original_order_id is not null

    group by original_order_id

),

purchase_days as (

    select distinct
        orders.account_id,
        orders.order_date

    from orders

    left join credits
        on orders.order_id = credits.original_order_id

    where orders.charged + coalesce(credits.credited, 0) > 0

),

ordered as (

    select
        account_id,
        order_date as first_purchase_date,
        lead(order_date) over (partition by account_id order by order_date) as next_purchase_date,
        row_number() over (partition by account_id order by order_date) as purchase_number

    from purchase_days

),

first_purchases as (

    select
        ordered.account_id,
        ordered.first_purchase_date,
        ordered.next_purchase_date,
        {{ month_of('ordered.first_purchase_date') }} as cohort_month,
        cast({{ parameter('definitions', 'window_days') }} as bigint) as window_days

    from ordered

    {{ definition_join('definitions', 'repeat_purchase_rate', 'ordered.first_purchase_date') }}

    where ordered.purchase_number = 1

),

final as (

    select
        first_purchases.account_id,
        first_purchases.cohort_month,
        first_purchases.first_purchase_date,
        first_purchases.next_purchase_date,
        first_purchases.window_days,
        coalesce(
            first_purchases.next_purchase_date
            <= {{ add_days('first_purchases.first_purchase_date', 'first_purchases.window_days') }},
            false
        ) as is_repeated,
        settings.as_of
        >= {{ add_days(
            add_days(add_months('first_purchases.cohort_month', 1), -1), 'first_purchases.window_days'
        ) }} as is_mature

    from first_purchases

    cross join settings

)

select * from final
