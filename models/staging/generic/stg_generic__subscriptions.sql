with

source as (

    select * from {{ newest(
        'generic', 'subscriptions',
        key=['source_system', 'subscription_id'],
        several=true
    ) }}

),

renamed as (

    select
        subscription_id,
        account_id,
        source_system,
        email_key,
        email_domain,
        product,
        currency_code,
        billing_interval,
        status,
        quantity,
        monthly_amount,
        yearly_amount,
        amount,
        start_date,
        end_date,
        last_date,
        deleted_at,
        _exported_at as exported_at

    from source

)

select * from renamed
