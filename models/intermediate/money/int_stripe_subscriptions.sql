-- One row per Stripe subscription, from whichever export is newest: the dashboard's, or one in the shape
-- of the API, whose amounts are in the smallest unit of the currency.
with

from_dashboard as (

    select * from {{ ref('stg_stripe__subscriptions') }}

),

from_api as (

    select * from {{ ref('stg_stripe__api_subscriptions') }}

),

customers as (

    select * from {{ ref('stg_stripe__customers') }}

),

unioned as (

    select
        subscription_id,
        customer_id,
        email_key,
        email_domain,
        coalesce(product, plan) as product,
        currency_code,
        billing_interval,
        1 as interval_count,
        lower(status) as status,
        coalesce(quantity, 1) as quantity,
        unit_amount,
        coalesce(cancels_at_period_end, false) as cancels_at_period_end,
        coalesce(started_at, created_at) as started_at,
        current_period_started_at,
        current_period_ends_at,
        trial_ends_at,
        canceled_at,
        cancels_at,
        ended_at,
        deleted_at,
        exported_at

    from from_dashboard

    union all

    select
        subscription_id,
        customer_id,
        null,
        null,
        coalesce(product, plan),
        currency_code,
        billing_interval,
        coalesce(interval_count, 1),
        lower(status),
        coalesce(quantity, 1),
        {{ from_minor_units('unit_amount_minor', 'currency_code') }},
        coalesce(cancels_at_period_end, false),
        coalesce(started_at, created_at, current_period_started_at),
        current_period_started_at,
        current_period_ends_at,
        trial_ends_at,
        canceled_at,
        cancels_at,
        ended_at,
        deleted_at,
        exported_at

    from from_api

),

newest as (

    select * from unioned

    qualify row_number() over (
        partition by subscription_id
        order by exported_at desc, email_key asc nulls last
    ) = 1

),

final as (

    select
        newest.subscription_id,
        newest.customer_id,
        coalesce(newest.email_key, customers.email_key) as email_key,
        coalesce(newest.email_domain, customers.email_domain) as email_domain,
        newest.product,
        upper(newest.currency_code) as currency_code,
        newest.billing_interval,
        newest.interval_count,
        newest.status,
        newest.quantity,
        newest.unit_amount,
        newest.cancels_at_period_end,
        newest.started_at,
        newest.current_period_started_at,
        newest.current_period_ends_at,
        newest.trial_ends_at,
        newest.canceled_at,
        newest.cancels_at,
        newest.ended_at

    from newest

    left join customers
        on newest.customer_id = customers.customer_id

    where newest.deleted_at is null

)

select * from final
