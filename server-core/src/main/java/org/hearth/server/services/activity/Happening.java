package org.hearth.server.services.activity;

import java.net.InetAddress;
import org.hearth.server.matrix.id.UserId;

/// Something that happened.
///
/// @param kind what
/// @param subject whom or what it is about: a user, the beginning of a token, a backup's path;
///   empty for the server
/// @param by who did it and from where, in words for people
public record Happening(Kind kind, String subject, String by) {
  /// Who acts in the panel or by the command line: they are the same to the server. In one word or
  /// two, since sentences stand beside it.
  public static final String OWNER = "this computer";

  /// What the server does without being asked.
  public static final String SERVER = "the server";

  private static final int LONGEST = 512;
  private static final int SHOWN_OF_TOKEN = 4;
  private static final String CUT = "…";

  public Happening {
    subject = bounded(isOfToken(kind) ? beginning(subject) : subject);
    by = bounded(by);
  }

  /// Something that a user did, or tried to, for an account of that name.
  public static Happening from(InetAddress address, Kind kind, UserId user) {
    return new Happening(kind, user.value(), address.getHostAddress());
  }

  /// Something that a user did to another.
  public static Happening by(UserId actor, InetAddress address, Kind kind, UserId user) {
    return new Happening(
        kind, user.value(), "%s from %s".formatted(actor, address.getHostAddress()));
  }

  private static boolean isOfToken(Kind kind) {
    return kind == Kind.TOKEN_MADE || kind == Kind.TOKEN_ENDED;
  }

  /// A token makes accounts for whoever reads it, so only so much is kept as tells it from others.
  /// What is cut already, as it comes from the database, stays; no token has that character.
  private static String beginning(String token) {
    return token.endsWith(CUT)
        ? token
        : token.substring(0, Math.min(SHOWN_OF_TOKEN, token.length() / 3)) + CUT;
  }

  private static String bounded(String text) {
    return text.length() <= LONGEST ? text : text.substring(0, LONGEST - 1) + CUT;
  }
}
