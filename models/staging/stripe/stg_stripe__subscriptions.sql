with

source as (

    select * from {{ newest(
        'stripe', 'subscriptions',
        key=['subscription_id']
    ) }}

),

renamed as (

    select
        subscription_id,
        customer_id,
        email_key,
        email_domain,
        plan,
        product,
        currency_code,
        billing_interval,
        status,
        coupon,
        quantity,
        unit_amount,
        cancels_at_period_end,
        created_at,
        started_at,
        current_period_started_at,
        current_period_ends_at,
        trial_started_at,
        trial_ends_at,
        canceled_at,
        cancels_at,
        ended_at,
        deleted_at,
        _exported_at as exported_at

    from source

)

select * from renamed
