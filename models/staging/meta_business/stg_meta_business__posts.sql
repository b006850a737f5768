-- Every export of a post, not only the newest: what happened between two of them is their difference.
with

source as (

    select * from {{ source('meta_business', 'posts') }}

),

renamed as (

    select
        post_id,
        social_account,
        link_domain,
        impressions,
        reach,
        likes,
        comments,
        shares,
        saves,
        clicks,
        published_at,
        _exported_at as exported_at

    from source

    qualify row_number() over (
        partition by post_id, _exported_at
        order by _fingerprint desc
    ) = 1

)

select * from renamed
