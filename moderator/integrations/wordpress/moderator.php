<?php
/**
 * Plugin Name: Moderator
 * Description: Has the Akismet plugin ask a moderator server of your own instead of Akismet's.
 * License: MIT
 *
 * Copy this file to wp-content/mu-plugins/ and activate the Akismet plugin. In wp-config.php may stand:
 *
 *     define( 'MODERATOR_HOST', '127.0.0.1' );     // or 'https://moderator.example'
 *     define( 'MODERATOR_PORT', 8500 );
 *     define( 'MODERATOR_KEY', '0123456789ab' );   // what `moderator server keys add NAME` prints
 *
 * Without MODERATOR_KEY the key is the one that is entered on Akismet's own page of settings.
 *
 * @package Moderator
 */

namespace Moderator;

defined( 'ABSPATH' ) || exit;

const TIMEOUT      = 5;     // Seconds that whoever comments waits at most.
const CONTEXT_SIZE = 20000; // Characters of a post that are sent along.

if ( defined( 'MODERATOR_KEY' ) && ! defined( 'WPCOM_API_KEY' ) ) {
	define( 'WPCOM_API_KEY', MODERATOR_KEY ); // Where the Akismet plugin looks for a key.
}

/** Return the address of the server, without a path. */
function server() {
	$host = defined( 'MODERATOR_HOST' ) ? MODERATOR_HOST : '127.0.0.1';
	$port = defined( 'MODERATOR_PORT' ) ? MODERATOR_PORT : 8500;
	return ( strpos( $host, '://' ) ? '' : 'http://' ) . "$host:$port";
}

/** Return the post that a comment stands under as fields of the request, since the plugin sends only its number. */
function post_fields( $body ) {
	$post = preg_match( '/(?:^|&)comment_post_ID=(\d+)/', $body, $found ) ? get_post( $found[1] ) : null;
	if ( ! $post || '' !== $post->post_password ) {
		return '';
	}
	$text   = wp_strip_all_tags( strip_shortcodes( $post->post_content ) );
	$fields = array(
		'comment_post_title'   => $post->post_title,
		'comment_post_content' => mb_substr( $text, 0, CONTEXT_SIZE ),
	);
	return '&' . http_build_query( $fields, '', '&' );
}

/** Return a form without the backslashes that WordPress puts before quotes while a comment is new. */
function unslashed( $body ) {
	$plain = array(
		'%5C%5C' => '%5C',
		'%5C%27' => '%27',
		'%5C%22' => '%22',
	);
	return doing_filter( 'preprocess_comment' ) ? strtr( $body, $plain ) : $body;
}

/** Return an empty answer: the plugin holds the comment and has it checked later, and does not try twice more now. */
function no_answer( $why ) {
	error_log( 'moderator: ' . server() . ": $why" );
	return array(
		'headers'  => array(),
		'body'     => '',
		'response' => array(
			'code'    => 503,
			'message' => '',
		),
		'cookies'  => array(),
	);
}

/** Send to the server what was meant for Akismet; nothing goes to Akismet, not even when the server is down. */
function redirect( $answer, $request, $url ) {
	$host = isset( $request['headers']['Host'] ) ? $request['headers']['Host'] : wp_parse_url( $url, PHP_URL_HOST );
	if ( false !== $answer || ! preg_match( '/(^|\.)rest\.akismet\.com$/', (string) $host ) ) {
		return $answer;
	}
	unset( $request['headers']['Host'] );
	$request['timeout'] = min( TIMEOUT, $request['timeout'] );
	if ( is_string( $request['body'] ) && preg_match( '~/(comment-check|submit-spam|submit-ham)$~', $url ) ) {
		$request['body'] = unslashed( $request['body'] ) . post_fields( $request['body'] );
	}
	$answer = wp_remote_request( preg_replace( '~^https?://[^/]*~', server(), $url ), $request );
	return is_wp_error( $answer ) ? no_answer( $answer->get_error_message() ) : $answer;
}

add_filter( 'pre_http_request', __NAMESPACE__ . '\redirect', 10, 3 );
