package org.hearth.server.http;

/// The kinds of requests that are counted apart: per user where there is one, else per address.
public enum RateClass {
  /// Not limited.
  NONE,

  /// Everything that has no class of its own.
  DEFAULT,

  /// `/sync` and other calls that wait: one after the other is how they are meant.
  SYNC,

  /// What creates an event in a room.
  MESSAGE,

  /// Joining, knocking and inviting: each can set other servers to work.
  MEMBERSHIP,

  /// Attempts to log in, by address.
  LOGIN,

  /// Wrong passwords, by the account that they are for, from addresses that its owner was not seen
  /// at; charged by the handler.
  LOGIN_ACCOUNT,

  /// Wrong passwords, by the account and the address that they come from; charged by the handler.
  LOGIN_FROM_ADDRESS,

  /// Registration, by address.
  REGISTER,

  /// Access tokens that turn out to be unknown, by address: each costs a look into the database.
  UNKNOWN_TOKEN,

  /// What other servers ask, by server.
  FEDERATION,

  /// Media that other servers ask for, by server. They have turns of their own, too
  /// ([org.hearth.server.http.peers.Peers#awaitMediaTurn]).
  FEDERATION_MEDIA,

  /// Both of these, by site: whoever owns a domain has as many servers below it as they like.
  FEDERATION_SITE,

  /// Requests that turn out not to be of the server that they name, by address: each costs its
  /// body, a signature, and perhaps a question to others.
  UNKNOWN_SERVER,

  /// Reports to the owner, who reads them.
  REPORT,

  /// What makes this server ask or tell others: search in directories, key queries; and the search
  /// in what was said, which looks at much.
  SEARCH,

  /// Uploads, and addresses for them.
  UPLOAD,

  /// Downloads of media: a page of a room may have a hundred pictures.
  DOWNLOAD,

  /// Media of other servers that is not here yet: each makes this server fetch it; charged by the
  /// handler.
  REMOTE_MEDIA,

  /// Putting a device in the place of a dehydrated one, which removes a thousand keys and brings as
  /// many.
  DEHYDRATION
}
