"""German: a word list of our own for what customers say about shops, service and goods.

Adjectives and participles stand in their base form; `WordList.endings` finds "freundliche", "freundlichen", …
"""

from __future__ import annotations

from functools import cache

from apps.intelligence.builtin.wordlist import WordList, listed, phrases, valences

WORDS = valences("""
3.2: hervorragend ausgezeichnet perfekt fantastisch großartig grandios wunderbar exzellent traumhaft begeistert genial
3.2: phantastisch überragend vorzüglich spitze spitzenmäßig weltklasse erstklassig herausragend tadellos einwandfrei
2.8: super toll klasse prima bestens beste herrlich köstlich lecker liebevoll wunderschön liebe lieben begeistern
2.4: freundlich nett herzlich kompetent hilfsbereit zuvorkommend aufmerksam sympathisch empfehlenswert zufrieden
2.2: schön gut gerne gern empfehle empfehlen danke freude freuen gefreut höflich professionell zuverlässig
2.0: schnell pünktlich sauber gemütlich angenehm bequem hochwertig preiswert fair günstig gelungen gefällt gefallen
2.0: unkompliziert reibungslos überzeugt überzeugend geduldig gründlich ehrlich modern frisch passt lohnt besser
1.2: ordentlich solide okay ok hilfreich ruhig sorgfältig übersichtlich einfach locker lob dankbar
-1.0: teuer langsam laut voll eng lange warten gewartet wartezeit leer umständlich kompliziert mäßig mittelmäßig
-1.6: schade leider problem probleme fehler falsch kaputt defekt kalt verspätet spät genervt nervig
-1.8: überteuert unübersichtlich unordentlich lieblos gelangweilt lustlos hektisch ungeduldig unbequem unpünktlich
-2.2: enttäuscht enttäuschend enttäuschung ärgerlich unzufrieden schmutzig dreckig unsauber schlecht mangelhaft
-2.4: unfreundlich unhöflich inkompetent unprofessionell unverschämt arrogant respektlos überfordert abgewimmelt
-2.6: ärger beschwerde beschwert reklamation reklamiert zurückgegeben umtauschen mies furchtbar ungenießbar verärgert
-3.2: katastrophe katastrophal schrecklich grauenhaft furchtbar unterirdisch frechheit unverschämtheit betrug abzocke
-3.2: schlimm miserabel grottenschlecht widerlich ekelhaft horror skandal zumutung wertlos nutzlos schrott müll
-2.0: wütend wut hasse verschwendung vergessen verloren zerbrochen gerissen undicht billig gestunken stinkt
-2.0: ignoriert vermeiden abraten abgeraten schlechter
""")

PHRASES = phrases("""
3.0: gerne_wieder immer_wieder sehr_zu_empfehlen nur_zu_empfehlen komme_wieder kommen_wieder nichts_auszusetzen
2.4: alles_gut alles_super vielen_dank weiter_so nicht_schlecht kein_problem keine_probleme ohne_probleme zu_empfehlen
2.4: auf_jeden_fall_wieder jederzeit_wieder top_service
-2.4: nie_wieder nie_mehr nicht_zu_empfehlen nicht_zufrieden geht_gar_nicht gar_nicht_gut nicht_zu_gebrauchen zu_teuer
-2.4: zu_klein zu_groß zu_lange zu_laut zu_spät lässt_zu_wünschen_übrig zu_wünschen_übrig finger_weg nicht_in_ordnung
-2.0: nicht_mehr_hin nicht_wiederkommen funktioniert_nicht geht_nicht ging_nicht zu_kalt zu_langsam nicht_gut
0: so_gut_wie gut_wie guten_tag guten_morgen beste_grüße liebe_grüße schöne_grüße
""")


@cache
def german() -> WordList:
    """German."""
    boosters = dict.fromkeys(
        listed("sehr wirklich echt total absolut äußerst besonders extrem richtig unglaublich mega so überaus völlig"),
        1.3,
    )
    weak = dict.fromkeys(listed("etwas ziemlich eher relativ halbwegs bisschen einigermaßen"), 0.7)
    return WordList(
        code="de",
        words=WORDS,
        phrases=PHRASES,
        boosters={**boosters, **weak},
        negators=listed("nicht kein keine keinen keiner keinem nie niemals ohne kaum nichts weder"),
        irrealis=listed(
            "würde würden könnte könnten hätte hätten wäre wären sollte sollten erwartet hoffte gehofft wollte"
        ),
        turns=listed("aber jedoch allerdings doch leider trotzdem sondern"),
        concessions=listed("obwohl obgleich trotz"),
        endings=("sten", "ste", "eren", "ere", "en", "em", "er", "es", "e"),
        late_negation_over=listed("mir uns mich es das hier leider überhaupt gar wirklich so"),
    )
