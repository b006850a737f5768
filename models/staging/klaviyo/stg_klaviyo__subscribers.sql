with

source as (

    select * from {{ newest(
        'klaviyo', 'subscribers',
        key=['profile_id']
    ) }}

),

renamed as (

    select
        profile_id,
        email_key,
        email_domain,
        signup_source,
        consent,
        country,
        is_test_name,
        created_at,
        deleted_at,
        _exported_at as exported_at

    from source

)

select * from renamed
