package dev.jiffy.server.http;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.handler.codec.http2.Http2Error;
import io.netty.handler.codec.http2.Http2Exception;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class ResetStreamsTest {
  /// A promise that Vert.x does not make tells the connection of its failure; so it is here.
  @Test
  void failuresOfOneStreamAndOfClientsStopHere() {
    List<Throwable> seen = new ArrayList<>();
    EmbeddedChannel connection =
        new EmbeddedChannel(
            new ResetStreams(),
            new ChannelInboundHandlerAdapter() {
              @Override
              public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
                seen.add(cause);
              }
            });
    connection
        .voidPromise()
        .tryFailure(Http2Exception.streamError(7, Http2Error.STREAM_CLOSED, "closed"));
    assertEquals(List.of(), seen);
    Http2Exception whole = Http2Exception.connectionError(Http2Error.PROTOCOL_ERROR, "wrong");
    connection.voidPromise().tryFailure(whole);
    assertEquals(List.of(whole), seen);
    assertTrue(connection.isOpen());
    connection.voidPromise().tryFailure(new IOException("broken pipe"));
    assertEquals(List.of(whole), seen);
    assertFalse(connection.isOpen());
    connection.finishAndReleaseAll();
  }
}
