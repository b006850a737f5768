-- One row per mail domain of the public: today's list, as accounts are as they are today.
with

free_mail_domains as (

    select * from {{ source('definitions', 'free_mail_domains') }}

),

settings as (

    select * from {{ ref('stg_plumbline__settings') }}

),

in_force as (

    select free_mail_domains.domain

    from free_mail_domains

    cross join settings

    where {{ in_force('free_mail_domains', 'settings.as_of') }}

)

select * from in_force
