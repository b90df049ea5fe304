#include "make/pipeline.h"

#include "base/minmax.h"
#include "wall/readahead.h"

#include <assert.h>
#include <stdlib.h>
#include <time.h>

#define STEP_SECONDS (LAYOUT_SEGMENT_SAMPLES / LAYOUT_RATE)
#define SLOTS_BYTES ((size_t)24 << 20) /* of PCM, at the highest rates for two slots more */
#define SLOTS_MIN 2
#define WAIT_MS 200 /* between two ticks while others are at work */
#define GAIN_LUFS (-23.0) /* what the rendition's gain leads to: RFC 7845 section 5.2.1 */

/* A step on its way through the decoder. */
struct step {
	struct analysis_piece piece; /* first: piece and step have one address */
	struct pcmslot *slot;
	int64_t index;
	bool encode, analyse;
};

/* One pass: steps of 5 s. Where the rendition is due, step s is segment s. */
struct pass {
	const struct pipeline_order *order;
	struct pipeline_result *result;
	int channels;
	int64_t step_samples; /* native samples in 5 s */
	int64_t steps;
	struct opusbatch *opus; /* NULL: not due */
	struct analysis *analysis; /* likewise */
	struct pcmpool *pool;
	struct readahead ahead;
	int64_t next; /* step to look at */
	int round; /* 0: all steps; later ones: those that others had claimed */
	int64_t taken; /* by others, in this round */
	int64_t loaded; /* steps */
	bool *settled; /* per step: there, being made, or not to be */
};

static enum drift_err tick(struct pass *p)
{
	int64_t done = p->opus ? opusbatch_settled(p->opus) : p->loaded;
	double progress = p->steps ? (double)done / (double)p->steps : 1.0;
	enum drift_err err = p->order->tick(p->order->context, progress);

	if (!err && p->opus && p->order->grown)
		p->order->grown(p->order->context, p->opus);
	return err;
}

/* --- which step is read next ------------------------------------------------- */

/* The native samples that are analysed in a step; empty behind the source. */
static struct resample_range own_range(const struct pass *p, int64_t step)
{
	int64_t first = min64(step * p->step_samples, p->order->samples);

	return (struct resample_range){first, min64(first + p->step_samples, p->order->samples)};
}

/* The native samples that a step reads: with what its segment needs around them. */
static struct resample_range step_range(const struct pass *p, int64_t step)
{
	return p->opus ? opusbatch_needs(p->opus, step) : own_range(p, step);
}

/* Is the segment of this step ours to make, now? */
static bool claim(struct pass *p, int64_t step)
{
	enum opusfile_claim claim;

	if (!p->opus || p->settled[step])
		return false;
	claim = opusbatch_claim(p->opus, step);
	p->settled[step] = claim != OPUSFILE_TAKEN;
	p->taken += claim == OPUSFILE_TAKEN;
	return claim == OPUSFILE_YOURS;
}

/* Its segment alone: the analysis goes in order, and comes to it in its turn. */
static bool plan_out_of_turn(struct pass *p, int64_t step, struct step *s)
{
	enum opusfile_claim claim;

	if (p->settled[step])
		return false;
	claim = opusbatch_claim(p->opus, step);
	p->settled[step] = claim != OPUSFILE_TAKEN;
	*s = (struct step){.index = step, .encode = true};
	return claim == OPUSFILE_YOURS;
}

/* The first step to be made of those that somebody listens to, or soon will. */
static bool plan_listened(struct pass *p, struct step *s)
{
	int64_t step = p->opus && p->order->listened ? p->order->listened(p->order->context) : -1;
	int64_t end = min64(step + 1 + PIPELINE_AHEAD, p->steps);

	if (step < 0 || step <= p->next)
		return false;
	while (step < end && !plan_out_of_turn(p, step, s))
		step++;
	return step < end;
}

/* The next step that anything is to be done with; false past the last one. */
static bool plan(struct pass *p, struct step *s)
{
	if (plan_listened(p, s))
		return true;
	while (p->next < p->steps) {
		struct resample_range own = own_range(p, p->next);

		s->index = p->next++;
		s->encode = claim(p, s->index);
		s->analyse = p->analysis && p->round == 0 && own.first < own.end;
		if (s->encode || s->analyse)
			return true;
	}
	return false;
}

/* --- reading: the thread that owns the decoder ------------------------------- */

static enum drift_err ask_for(struct pass *p, const struct step *planned, struct pcmslot *slot)
{
	struct step *s = malloc(sizeof(*s));
	struct readahead_range range = {step_range(p, planned->index), slot->pcm, s};
	enum drift_err err;

	if (!s)
		return DRIFT_ENOMEM;
	*s = *planned;
	s->slot = slot;
	err = readahead_add(&p->ahead, &range);
	if (err)
		free(s);
	return err;
}

/* Has the decoder know what comes next, as far as there are slots. */
static enum drift_err ask_ahead(struct pass *p)
{
	enum drift_err err = DRIFT_OK;

	while (!err && readahead_has_room(&p->ahead) && p->next < p->steps) {
		struct pcmslot *slot;
		struct step s = {0};

		err = pcmpool_take(p->pool, &slot);
		if (err)
			break;
		if (plan(p, &s))
			err = ask_for(p, &s, slot);
		else
			pcmslot_leave(slot);
	}
	return err == DRIFT_ENOENT ? DRIFT_OK : err;
}

static void leave_analysed(struct analysis_piece *piece)
{
	struct step *s = (struct step *)piece;

	pcmslot_leave(s->slot);
	free(s);
}

/* The slot is the analysis' and the encoders' now. */
static void hand_over(struct pass *p, struct step *s, struct resample_range range)
{
	struct resample_range own = own_range(p, s->index);
	struct pcmslot *slot = s->slot;
	int64_t index = s->index;
	bool encode = s->encode, analyse = s->analyse;

	pcmslot_share(slot, encode + analyse);
	s->piece.pcm = slot->pcm + (own.first - range.first) * p->channels;
	s->piece.count = (size_t)(own.end - own.first);
	s->piece.used = leave_analysed;
	if (analyse)
		analysis_give(p->analysis, &s->piece);
	else
		free(s);
	if (encode)
		opusbatch_make(p->opus, index, slot);
}

static enum drift_err load(struct pass *p)
{
	struct readahead_range loaded;
	bool whole = false;
	enum drift_err err = readahead_load(&p->ahead, &whole, &loaded);

	if (err || !whole)
		return err;
	p->loaded++;
	hand_over(p, loaded.owner, loaded.range);
	return DRIFT_OK;
}

/* One piece further, or one tick. */
static enum drift_err read_on(struct pass *p)
{
	enum drift_err err = ask_ahead(p);

	if (!err && !readahead_is_empty(&p->ahead))
		err = load(p);
	else if (!err && p->next < p->steps)
		pcmpool_wait(p->pool, WAIT_MS);
	return err ? err : tick(p);
}

static enum drift_err read_round(struct pass *p)
{
	enum drift_err err = DRIFT_OK;

	while (!err && (p->next < p->steps || !readahead_is_empty(&p->ahead)))
		err = read_on(p);
	return err;
}

/* Once more, for the segments that others had claimed. */
static enum drift_err read_rest(struct pass *p)
{
	const struct timespec pause = {.tv_nsec = WAIT_MS * 1000000L};
	enum drift_err err = DRIFT_OK;

	while (!err && p->taken > 0) {
		nanosleep(&pause, NULL);
		p->next = p->taken = 0;
		p->round++;
		err = read_round(p);
	}
	return err;
}

/* --- beginning and end -------------------------------------------------------- */

static enum drift_err finish_analysis(struct pass *p)
{
	struct pipeline_result *r = p->result;

	if (!p->analysis)
		return DRIFT_OK;
	r->analysis_err = analysis_finish(p->analysis, &r->analysis);
	return p->order->analysed(p->order->context, r);
}

static enum drift_err encode_rest(struct pass *p)
{
	enum drift_err err = read_rest(p);

	while (!err && opusbatch_is_working(p->opus, WAIT_MS))
		err = tick(p);
	return err ? err : tick(p);
}

/* The analysis is over: the setup pages may carry its gain. */
static enum drift_err finish_opus(struct pass *p)
{
	const struct opusbatch_order *order = p->order->opus;
	struct pipeline_result *r = p->result;
	const struct loudness_result *loudness = &r->analysis.loudness;
	double gain = loudness->audible ? GAIN_LUFS - loudness->integrated : 0.0;
	enum drift_err err;

	if (!p->opus)
		return DRIFT_OK;
	err = encode_rest(p);
	if (err)
		return err;
	if (!order->setup_pages && !order->setup.has_gain)
		r->opus_err = r->analysis_err;
	if (!r->opus_err)
		r->opus_err = opusbatch_finish(p->opus, gain, &r->opus);
	return p->order->encoded(p->order->context, r);
}

/* One slot for each encoding thread and two to load ahead. */
static enum drift_err make_slots(struct pass *p)
{
	const struct opusbatch_order *opus = p->order->opus;
	int64_t samples = opus ? opusbatch_needs_max(p->opus) : p->step_samples;
	size_t floats = (size_t)samples * (size_t)p->channels;
	int most = (int)(SLOTS_BYTES / (floats * sizeof(float)));
	int count = 2 + (opus ? encoders_threads(opus->encoders) : 0);

	count = count < most ? count : most;
	return pcmpool_new(count > SLOTS_MIN ? count : SLOTS_MIN, floats, &p->pool);
}

static enum drift_err start(struct pass *p)
{
	const struct pipeline_order *order = p->order;
	int32_t rate = decoder_get_facts(order->decoder)->sample_rate;
	enum drift_err err = DRIFT_OK;

	p->ahead.decoder = order->decoder;
	p->channels = decoder_pcm_channels(order->decoder);
	p->step_samples = STEP_SECONDS * (int64_t)rate;
	p->steps = (order->samples + p->step_samples - 1) / p->step_samples;
	if (order->opus)
		err = opusbatch_new(order->opus, rate, order->samples, &p->opus);
	if (!err && order->opus)
		p->steps = opusbatch_get_layout(p->opus)->segments;
	if (!err)
		err = make_slots(p);
	if (!err && order->analyse)
		err = analysis_new(rate, p->channels, order->samples, &p->analysis);
	if (err)
		return err;
	p->settled = calloc((size_t)p->steps + 1, sizeof(*p->settled));
	return p->settled ? DRIFT_OK : DRIFT_ENOMEM;
}

static void pass_clear(struct pass *p)
{
	analysis_free(p->analysis); /* these two read the slots */
	opusbatch_free(p->opus);
	for (int i = 0; i < p->ahead.items; i++)
		free(p->ahead.item[i].what.owner);
	pcmpool_free(p->pool);
	free(p->settled);
}

enum drift_err pipeline_run(const struct pipeline_order *order, struct pipeline_result *out)
{
	struct pass p = {.order = order, .result = out};
	enum drift_err err;

	assert(!order->opus || order->opus->setup_pages || order->opus->setup.has_gain ||
	       order->analyse);
	err = start(&p);
	if (!err)
		err = read_round(&p);
	if (!err)
		err = finish_analysis(&p);
	if (!err)
		err = finish_opus(&p);
	pass_clear(&p);
	return err;
}

void pipeline_clear(struct pipeline_result *r)
{
	analysis_clear(&r->analysis);
	buf_clear(&r->opus.sidecar);
	*r = (struct pipeline_result){0};
}
