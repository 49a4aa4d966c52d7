"""English: VADER's lexicon, and what reviews of shops and services say that it does not know.

VADER: Hutto & Gilbert, "VADER: A Parsimonious Rule-based Model for Sentiment Analysis of Social Media Text",
ICWSM 2014 (MIT licence). Its word list was rated on tweets; words that mean something else in a shop ("top", "low cut",
"kind of", "free size") are set to nothing here.
"""

from __future__ import annotations

from functools import cache

from apps.intelligence.builtin.wordlist import WordList, listed, phrases, valences

REVIEW_WORDS = valences("""
3.2: exquisite impeccable flawless outstanding superb phenomenal unbeatable
2.8: perfection stunning gorgeous fabulous exceptional delicious scrumptious yummy must-have heavenly delighted rocks
2.4: flattering knowledgeable attentive welcoming spotless exceeded flavorful seamlessly wonderfully stylish elegant
2.2: comfy comfortable cozy friendly helpful courteous polite efficient prompt promptly recommend recommended tender
2.0: versatile classy timeless sturdy durable compliments compliment complimented staple tasty pleased easily
1.6: quickly reliable affordable easy crisp clear spacious quality lightweight smooth accommodating juicy soft fresh
1.0: unique fits fit reasonable reasonably clean fast classic feminine functional solid creamy diverse generous
-1.0: wrinkles wrinkled bulky stiff noisy pricey slow snug huge thin cheap wide salty dry smell crowded wait waited
-1.5: itchy itchiness unlined tight baggy boxy overpriced return returning returned sheer see-through odd weird strange
-1.5: awkward hole holes split leaks leak missing misleading wobbly uneven lumpy rushed forever minutes smelled
-2.0: sloppy shapeless frumpy scratchy bland soggy stale greasy lukewarm cramped stained tent dirty cold bummed bummer
-2.2: unflattering ripped tore torn shrunk shrank faded pilled pilling snagged flimsy defective faulty cheaply unhelpful
-2.2: flaw flaws deceiving fooled unreliable uncomfortable refund squat dowdy sack unlike waste wasted
-2.4: unimpressed overcooked undercooked inedible unraveled unwearable underwhelmed underwhelming mediocre meh letdown
-2.8: disappointed disappointing disappointment disappoint unusable unacceptable unprofessional incompetent rude junk
-3.2: worst garbage useless worthless awful horrible terrible disgusting atrocious crap scam unbearable joke
-2.0: broke broken died dropped ignored disconnected overcharged sadly unfortunately regret tasteless avoid
-1.5: bust
""")

# Words whose everyday or tweet meaning misleads in reviews of goods and services.
MISLEADING = valences("""
0: kind top loose low cut bra kid party sale save safe sexy please plain dress hopes hope hoping hoped wish wishing
0: matter share novel interest number shy arm chest crush like true natural forced certain certainly want wanted
0: sure thanks yes heart care
0.5: well pretty ok okay fine decent interesting excited looking
1.0: better
1.5: super
""")

REVIEW_PHRASES = phrases("""
3.4: to_die_for out_of_this_world highly_recommend highly_recommended blown_away couldn't_be_happier
3.0: could_not_be_happier couldn't_be_better can't_say_enough can't_go_wrong exceeded_my_expectations must_have
2.6: well_made well_worth so_many_compliments tons_of_compliments many_compliments true_to_size fits_perfectly
2.6: fit_perfectly above_and_beyond can't_beat couldn't_ask_for fits_like_a_glove so_glad so_happy love_love_love
2.4: will_be_back definitely_be_back be_coming_back worth_every worth_the_money worth_it go_to can't_wait must_try
2.2: glad_i happy_with works_great work_great works_well works_fine works_perfectly no_problems no_complaints no_issues
2.2: fall_in_love gets_the_job_done won't_regret would_buy_again buy_another bought_another in_love five_stars
1.8: dressed_up dress_up value_for_money on_time i_like really_like we_like also_like do_like a_hit than_i_expected
1.8: better_than_expected as_described as_advertised every_time again_and_again
-1.5: too_big too_small too_short too_long too_tight too_large too_wide too_much too_thin too_low too_loose too_boxy
-1.8: ran_large runs_large run_large huge_on no_shape not_for_me for_me didn't_work did_not_work doesn't_work fell_short
-1.8: does_not_work won't_work fell_flat just_ok just_okay only_ok so_so nothing_special not_worth not_flattering
-1.8: don't_like didn't_like not_like doesn't_like never_liked made_me_look makes_me_look make_me_look way_too
-1.5: going_back goes_back went_back sent_back looked_like_a on_the_hanger nothing_like in_the_picture not_as
-2.2: sent_it_back send_it_back sending_it_back had_to_return will_be_returning have_to_return be_returning
-2.2: has_to_go_back returned_it returning_it returned_this going_to_return wouldn't_return money_back giving_up gave_up
-2.4: fell_apart fall_apart falls_apart falling_apart poorly_made cheaply_made looked_cheap looks_cheap look_cheap
-2.4: feels_cheap feel_cheap felt_cheap poor_quality low_quality bad_quality waste_of waste_your not_impressed no_way
-2.6: never_again won't_be_back will_not_be_back won't_be_going_back not_be_back never_be_back don't_bother stay_away
-2.6: don't_waste do_not_buy don't_buy save_your_money let_down beware_of zero_stars one_star to_be_desired steer_clear
-1.8: wanted_to_love wanted_to_like so_wanted had_high_hopes such_high_hopes high_hopes really_wanted expected_more
-1.8: expected_better could_be_better could_have_been wish_i_could would_not_recommend was_expecting was_hoping
-1.5: was_so_excited was_excited was_really_excited so_excited_to so_excited_for no_longer not_enough hit_or_miss
0: not_only no_doubt without_a_doubt can't_believe pretty_much as_well bra_size low_cut no_bra strapless_bra
0: warm_weather cool_weather hot_weather cold_weather my_fault would_like i'd_like free_people no_wait never_a_wait
0: a_few_minutes warm_up return_policy
""")


@cache
def english() -> WordList:
    """English; VADER's lexicon is read at the first use."""
    from vaderSentiment.vaderSentiment import BOOSTER_DICT, NEGATE, SentimentIntensityAnalyzer

    boosters = {word: 1.3 if change > 0 else 0.6 for word, change in BOOSTER_DICT.items() if " " not in word}
    return WordList(
        code="en",
        words={**SentimentIntensityAnalyzer().lexicon, **MISLEADING, **REVIEW_WORDS},
        phrases=REVIEW_PHRASES,
        boosters={**boosters, "too": 1.1, "such": 1.2, "super": 1.3, "bit": 0.7},
        negators=frozenset(NEGATE) | {"no", "lacks", "lacked", "lack", "lacking"},
        irrealis=listed("would could should if might hoped hoping hope wished wish wanted expected expecting supposed"),
        turns=listed("but however except unfortunately sadly yet"),
        concessions=listed("although though while despite"),
    )
