package dev.jiffy.bench.load;

import java.util.Map;

/// A request of HTTP's method POST as it is sent again and again.
///
/// @param path where to, with a leading slash
/// @param headers names and values
/// @param body the body; not copied, so not to be changed
@SuppressWarnings("ArrayRecordComponent") // compared by identity only
record HttpMessage(String path, Map<String, String> headers, byte[] body) {
  HttpMessage {
    headers = Map.copyOf(headers);
  }
}
