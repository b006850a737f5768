-- One row per cohort, channel, pair of stages and age at which somebody converted: the Kaplan-Meier
-- share still unconverted after that age. Rejected, recycled and lost units stay at risk (glossary B2).
-- Kaplan, E. L. and Meier, P. (1958), Nonparametric estimation from incomplete observations.
with

conversions as (

    select * from {{ ref('int_conversions') }}

),

ages as (

    select
        cohort_month,
        channel,
        from_stage,
        to_stage,
        observed_days as age_days,
        count(*) as leaving,
        count(converted_date) as converted

    from conversions

    group by cohort_month, channel, from_stage, to_stage, observed_days

),

at_risk as (

    select
        *,
        sum(leaving) over (
            partition by cohort_month, channel, from_stage, to_stage
            order by age_days desc
            rows between unbounded preceding and current row
        ) as at_risk

    from ages

),

steps as (

    select
        cohort_month,
        channel,
        from_stage,
        to_stage,
        age_days,
        case when converted < at_risk then ln({{ ratio('at_risk - converted', 'at_risk') }}) end as log_step,
        case when converted = at_risk then 1 else 0 end as is_last_step

    from at_risk

    where converted > 0

),

curves as (

    select
        cohort_month,
        channel,
        from_stage,
        to_stage,
        age_days,
        case
            when max(is_last_step) over (
                partition by cohort_month, channel, from_stage, to_stage
                order by age_days
                rows between unbounded preceding and current row
            ) = 1 then cast(0 as double)
            -- Rounded, as a product of shares that is one half must not come out a hair above it.
            else round(exp(sum(log_step) over (
                partition by cohort_month, channel, from_stage, to_stage
                order by age_days
                rows between unbounded preceding and current row
            )), 12)
        end as unconverted_share

    from steps

)

select * from curves
