with

source as (

    select * from {{ newest(
        'mailchimp', 'audience',
        key=['email_key']
    ) }}

),

renamed as (

    select
        member_id,
        email_key,
        email_domain,
        consent,
        country,
        member_rating,
        is_test_name,
        created_at,
        confirmed_at,
        changed_at,
        deleted_at,
        _exported_at as exported_at

    from source

)

select * from renamed
