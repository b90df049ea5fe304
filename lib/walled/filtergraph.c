#include "walled/filtergraph.h"

#include <libavfilter/avfilter.h>
#include <libavfilter/buffersink.h>
#include <libavfilter/buffersrc.h>
#include <libavutil/channel_layout.h>
#include <libavutil/frame.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#define FRAME_SAMPLES 4096

struct filtergraph {
	int32_t rate, channels;
	AVFilterGraph *graph;
	AVFilterContext *source, *sink; /* the graph's */
	AVFrame *out;
};

/* Doubles throughout: what the filters compute with. */
static bool make_ends(struct filtergraph *g)
{
	char format[96];

	snprintf(format, sizeof(format), "sample_rate=%d:sample_fmt=dbl:channel_layout=%s", g->rate,
		 g->channels == 2 ? "stereo" : "mono");
	return avfilter_graph_create_filter(&g->source, avfilter_get_by_name("abuffer"), "in",
					    format, NULL, g->graph) >= 0 &&
	       avfilter_graph_create_filter(&g->sink, avfilter_get_by_name("abuffersink"), "out",
					    NULL, NULL, g->graph) >= 0;
}

static bool parse(struct filtergraph *g, const char *text)
{
	AVFilterInOut *from = avfilter_inout_alloc(), *to = avfilter_inout_alloc();
	char chain[2048];
	bool parsed = false;

	/* whatever the last filter gives, doubles in turn come out */
	snprintf(chain, sizeof(chain), "%s,aformat=sample_fmts=dbl", text);
	if (from && to) {
		*from = (AVFilterInOut){.name = av_strdup("in"), .filter_ctx = g->source};
		*to = (AVFilterInOut){.name = av_strdup("out"), .filter_ctx = g->sink};
		parsed = avfilter_graph_parse_ptr(g->graph, chain, &to, &from, NULL) >= 0;
	}
	avfilter_inout_free(&from);
	avfilter_inout_free(&to);
	return parsed;
}

static enum drift_err make_graph(struct filtergraph *g, const char *text)
{
	g->graph = avfilter_graph_alloc();
	g->out = av_frame_alloc();
	if (!g->graph || !g->out)
		return DRIFT_ENOMEM;
	g->graph->nb_threads = 1;
	if (!make_ends(g) || !parse(g, text) || avfilter_graph_config(g->graph, NULL) < 0)
		return DRIFT_EFORMAT;
	return DRIFT_OK;
}

enum drift_err filtergraph_new(const char *text, int32_t rate, int32_t channels,
			       struct filtergraph **out)
{
	struct filtergraph *g = calloc(1, sizeof(*g));
	enum drift_err err;

	if (!g)
		return DRIFT_ENOMEM;
	g->rate = rate;
	g->channels = channels;
	err = make_graph(g, text);
	if (err) {
		filtergraph_free(g);
		return err;
	}
	*out = g;
	return DRIFT_OK;
}

void filtergraph_free(struct filtergraph *g)
{
	if (!g)
		return;
	av_frame_free(&g->out);
	avfilter_graph_free(&g->graph);
	free(g);
}

/* A frame of the samples, which becomes the graph's. */
static enum drift_err put_in(struct filtergraph *g, const float *pcm, size_t count)
{
	AVFrame *frame = av_frame_alloc();
	enum drift_err err = DRIFT_ENOMEM;

	if (!frame)
		return err;
	frame->format = AV_SAMPLE_FMT_DBL;
	frame->sample_rate = g->rate;
	frame->nb_samples = (int)count;
	av_channel_layout_default(&frame->ch_layout, g->channels);
	if (av_frame_get_buffer(frame, 0) == 0) {
		double *to = (double *)(void *)frame->data[0];

		for (size_t i = 0; i < count * (size_t)g->channels; i++)
			to[i] = (double)pcm[i];
		err = av_buffersrc_add_frame(g->source, frame) < 0 ? DRIFT_ENOMEM : DRIFT_OK;
	}
	av_frame_free(&frame);
	return err;
}

static enum drift_err take_out(struct filtergraph *g, float *pcm, size_t count)
{
	const double *from;

	if (av_buffersink_get_frame(g->sink, g->out) < 0)
		return DRIFT_EFORMAT;
	from = (const double *)(const void *)g->out->data[0];
	for (size_t i = 0; (size_t)g->out->nb_samples == count && i < count * (size_t)g->channels;
	     i++)
		pcm[i] = (float)from[i];
	if ((size_t)g->out->nb_samples != count) {
		av_frame_unref(g->out);
		return DRIFT_EFORMAT;
	}
	av_frame_unref(g->out);
	return DRIFT_OK;
}

enum drift_err filtergraph_run(struct filtergraph *g, float *pcm, size_t count)
{
	enum drift_err err = DRIFT_OK;

	while (!err && count > 0) {
		size_t n = count < FRAME_SAMPLES ? count : FRAME_SAMPLES;

		err = put_in(g, pcm, n);
		if (!err)
			err = take_out(g, pcm, n);
		pcm += n * (size_t)g->channels;
		count -= n;
	}
	return err;
}
