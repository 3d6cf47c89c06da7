/// Models behind HTTP: the Open Inference Protocol, version 2, and OpenAI's embeddings.
///
/// A request is data that changes type as it is served: the event loop of `http` collects a body,
/// an owner thread of `schedule`, or the event loop itself where the model is quick, makes a reply
/// of it, and the event loop sends the reply. `store` loads the models.
package dev.jiffy.server;
