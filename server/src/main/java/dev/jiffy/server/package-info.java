/// Models behind HTTP.
package dev.jiffy.server;
