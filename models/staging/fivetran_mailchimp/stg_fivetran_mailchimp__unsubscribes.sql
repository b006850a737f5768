with

source as (

    select * from {{ newest(
        'fivetran_mailchimp', 'unsubscribes',
        key=['campaign_id', 'member_id']
    ) }}

),

renamed as (

    select
        campaign_id,
        member_id,
        reason,
        occurred_at,
        deleted_at,
        _exported_at as exported_at

    from source

)

select * from renamed
