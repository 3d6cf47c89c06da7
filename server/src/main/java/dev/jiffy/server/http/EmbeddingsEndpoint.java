package dev.jiffy.server.http;

import dev.jiffy.pipeline.Embeddings;
import dev.jiffy.pipeline.TextSession;
import dev.jiffy.protocol.EmbeddingsRequest;
import dev.jiffy.protocol.EmbeddingsRequest.Input;
import dev.jiffy.protocol.EmbeddingsResponse;
import dev.jiffy.server.schedule.ModelSessions;

/// `POST /v1/embeddings`: texts in, vectors out.
///
/// @param request what is asked
record EmbeddingsEndpoint(EmbeddingsRequest request) implements Endpoint {
  @Override
  public Reply reply(ModelSessions sessions, byte[] body, Stopwatch stopwatch) {
    TextSession text = sessions.text();
    Embeddings embeddings =
        switch (request.input()) {
          case Input.Texts texts -> text.embed(texts.texts());
          case Input.Tokens tokens -> text.embedTokens(tokens.texts());
        };
    stopwatch.add("tokenize", embeddings.tokenizeNanos());
    stopwatch.add("compute", embeddings.runNanos());
    stopwatch.add("pool", embeddings.poolNanos());
    stopwatch.skip();
    byte[] json =
        new EmbeddingsResponse(sessions.model().name(), embeddings.vectors(), embeddings.tokens())
            .toJson(request.base64());
    stopwatch.lap("encode");
    return Reply.json(json, stopwatch);
  }
}
