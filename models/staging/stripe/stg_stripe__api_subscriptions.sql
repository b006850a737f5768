with

source as (

    select * from {{ newest(
        'stripe', 'api_subscriptions',
        key=['subscription_id']
    ) }}

),

renamed as (

    select
        subscription_id,
        customer_id,
        plan,
        product,
        currency_code,
        billing_interval,
        status,
        interval_count,
        quantity,
        unit_amount_minor,
        cancels_at_period_end,
        created_at,
        started_at,
        current_period_started_at,
        current_period_ends_at,
        trial_ends_at,
        canceled_at,
        cancels_at,
        ended_at,
        deleted_at,
        _exported_at as exported_at

    from source

)

select * from renamed
