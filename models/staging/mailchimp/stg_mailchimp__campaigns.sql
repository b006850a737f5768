with

source as (

    select * from {{ newest(
        'mailchimp', 'campaigns',
        key=['campaign_id']
    ) }}

),

renamed as (

    select
        campaign_id,
        campaign_name,
        audience,
        recipients,
        sent_at,
        deleted_at,
        _exported_at as exported_at

    from source

)

select * from renamed
