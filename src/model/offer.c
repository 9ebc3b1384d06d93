/* Values and nothing else. */
#include "config.h"

#include "src/model/offer.h"

VdOffer *vd_offer_new(void)
{
    VdOffer *offer = g_new0(VdOffer, 1);
    g_atomic_ref_count_init(&offer->refs);
    return offer;
}

VdOffer *vd_offer_ref(VdOffer *offer)
{
    g_atomic_ref_count_inc(&offer->refs);
    return offer;
}

void vd_offer_unref(VdOffer *offer)
{
    if (!offer || !g_atomic_ref_count_dec(&offer->refs))
        return;
    g_free(offer->name);
    g_free(offer->source);
    g_free(offer->title);
    g_free(offer->arch);
    g_free(offer->url);
    g_free(offer->format);
    g_free(offer->digest_kind);
    g_free(offer->digest);
    g_free(offer->revision);
    g_free(offer->notes);
    g_free(offer->tags);
    g_free(offer);
}
