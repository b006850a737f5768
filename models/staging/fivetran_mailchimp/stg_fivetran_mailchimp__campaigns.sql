with

source as (

    select * from {{ newest(
        'fivetran_mailchimp', 'campaigns',
        key=['campaign_id']
    ) }}

),

renamed as (

    select
        campaign_id,
        audience_id,
        campaign_name,
        status,
        is_deleted,
        sent_at,
        deleted_at,
        _exported_at as exported_at

    from source

)

select * from renamed
