-- One row per subscription and period in which its amount did not change, of any system, under one shape.
-- A period runs from its start until the day before its end.
with

generic_subscriptions as (

    select * from {{ ref('stg_generic__subscriptions') }}

),

stripe_subscriptions as (

    select * from {{ ref('int_stripe_subscriptions') }}

),

settings as (

    select * from {{ ref('stg_plumbline__settings') }}

),

from_generic as (

    select
        source_system || ':' || subscription_id as subscription_id,
        source_system,
        account_id as account_number,
        cast(null as varchar) as customer_number,
        email_key,
        email_domain,
        product,
        currency_code,
        coalesce(billing_interval, 'month') as billing_interval,
        lower(coalesce(status, 'active')) as status,
        quantity,
        coalesce(
            cast(monthly_amount as decimal(18, 6)),
            {{ monthly_amount('yearly_amount', "'year'", '1') }},
            {{ monthly_amount('amount', 'billing_interval', '1') }}
        ) as monthly_amount,
        start_date,
        coalesce(end_date, {{ add_days('last_date', 1) }}) as end_date

    from generic_subscriptions

    where deleted_at is null

),

-- What is paid for starts when the trial ends. A subscription that is cancelled runs to the end of what was
-- charged last; one that nobody pays for any more ended with what was paid.
stripe_moments as (

    select
        *,
        case when trial_ends_at > started_at then trial_ends_at else started_at end as begins_at,
        case
            when status in ('incomplete', 'incomplete_expired') then started_at
            when ended_at is not null then ended_at
            when status = 'canceled' then canceled_at
            when status in ('unpaid', 'paused') then coalesce(current_period_started_at, started_at)
            when cancels_at is not null then cancels_at
            when cancels_at_period_end or canceled_at is not null then current_period_ends_at
        end as ends_at

    from stripe_subscriptions

),

stripe_days as (

    select
        stripe_moments.*,
        {{ local_date('stripe_moments.begins_at', 'settings.reporting_timezone') }} as start_date,
        {{ local_date('stripe_moments.ends_at', 'settings.reporting_timezone') }} as end_date

    from stripe_moments

    cross join settings

),

from_stripe as (

    select
        'stripe:' || subscription_id as subscription_id,
        'stripe' as source_system,
        cast(null as varchar) as account_number,
        customer_id as customer_number,
        email_key,
        email_domain,
        product,
        currency_code,
        billing_interval,
        status,
        quantity,
        {{ monthly_amount('unit_amount * quantity', 'billing_interval', 'interval_count') }} as monthly_amount,
        start_date,
        case when end_date < start_date then start_date else end_date end as end_date

    from stripe_days

),

unioned as (

    select * from from_generic

    union all

    select * from from_stripe

)

select * from unioned
