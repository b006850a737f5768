with

source as (

    select * from {{ newest(
        'fivetran_mailchimp', 'campaign_recipients',
        key=['campaign_id', 'member_id']
    ) }}

),

renamed as (

    select
        campaign_id,
        member_id,
        deleted_at,
        _exported_at as exported_at

    from source

)

select * from renamed
