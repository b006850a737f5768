with

source as (

    select * from {{ newest(
        'stripe', 'customers',
        key=['customer_id']
    ) }}

),

renamed as (

    select
        customer_id,
        email_key,
        email_domain,
        is_delinquent,
        is_test_name,
        created_at,
        deleted_at,
        _exported_at as exported_at

    from source

)

select * from renamed
