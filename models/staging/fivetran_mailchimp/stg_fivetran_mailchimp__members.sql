with

source as (

    select * from {{ newest(
        'fivetran_mailchimp', 'members',
        key=['member_id', 'audience_id']
    ) }}

),

renamed as (

    select
        member_id,
        audience_id,
        email_key,
        email_domain,
        consent,
        country,
        member_rating,
        is_test_name,
        is_deleted,
        created_at,
        confirmed_at,
        changed_at,
        deleted_at,
        _exported_at as exported_at

    from source

)

select * from renamed
