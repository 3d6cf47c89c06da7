/// The Open Inference Protocol, version 2, without any I/O: JSON and binary tensors to records and
/// back.
///
/// [dev.jiffy.protocol.InferReader] and [dev.jiffy.protocol.InferWriter] carry tensors over HTTP,
/// [dev.jiffy.protocol.InferWire] over gRPC; the metadata records carry themselves. What a peer
/// sends wrongly becomes a [dev.jiffy.protocol.ProtocolException] with the HTTP status that says
/// so.
///
/// Source: the Open Inference Protocol specification (`inference_rest.md`) and its binary tensor
/// data extension.
package dev.jiffy.protocol;
